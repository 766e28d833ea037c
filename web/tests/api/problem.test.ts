import { expect, test } from 'vitest'
import { asProblem, problemOf, Problem } from '@/api/problem'

test('a problem of the service keeps its four facts', () => {
  const told = problemOf({ code: 'disk-full', detail: 'No room.', hint: 'Free some.', retryable: true, status: 507 }, 507)
  expect(told).toMatchObject({ code: 'disk-full', message: 'No room.', hint: 'Free some.', retryable: true, status: 507 })
})

test('an answer that is no problem still says what is known', () => {
  expect(problemOf('<html>', 502)).toMatchObject({ code: 'bad-answer', message: 'HTTP 502' })
  expect(problemOf(undefined, 500).code).toBe('bad-answer')
})

test('no answer at all means that the service is away', () => {
  expect(asProblem(new TypeError('Failed to fetch'))).toMatchObject({ code: 'no-service', retryable: true })
})

test('an error of a task is a problem as it is', () => {
  const told = asProblem({ code: 'stalled', message: 'm', hint: 'h', retryable: true })
  expect(told).toBeInstanceOf(Problem)
  expect(told.code).toBe('stalled')
})
