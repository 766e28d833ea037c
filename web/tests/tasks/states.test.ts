import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { State } from '@/api/client'
import { deeds } from '@/tasks/deeds'
import { LOOKS } from '@/tasks/looks'

const source = readFileSync('../src/modelyard/tasks/states.py', 'utf-8') // vitest runs in web/
const AFTER = { pause: 'PAUSED', resume: 'QUEUED', cancel: 'CANCELLED', retry: 'QUEUED' }

/** The states that the service lets a state move to. */
function moves(state: string): string {
  const left = /_LEFT = frozenset\((.*)\)/.exec(source)![1]!
  return new RegExp(`State\\.${state.toUpperCase()}: (.*)`).exec(source.slice(source.indexOf('MOVES')))![1]!.replace('_LEFT', left)
}

test.each(Object.keys(LOOKS) as State[])('nothing is offered for a task that is %s but what the service allows', (state) => {
  expect(deeds(state).filter((deed) => !moves(state).includes(`State.${AFTER[deed]}`))).toEqual([])
})
