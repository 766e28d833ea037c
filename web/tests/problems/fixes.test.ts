import { expect, test } from 'vitest'
import { fixOf, isWeb } from '@/problems/fixes'

const trouble = (code: string, more = {}) => ({ code, message: '', hint: '', retryable: false, ...more })

test.each([
  ['login-needed', 'key'],
  ['key-wrong', 'key'],
  ['disk-full', 'space'],
  ['no-permission', 'roots'],
  ['target-exists', 'replace'],
  ['stalled', 'again'],
  ['removed', 'none'],
])('%s is helped by %s', (code, kind) => expect(fixOf(trouble(code), 'huggingface').kind).toBe(kind))

test('a licence is accepted at its page', () => {
  expect(fixOf(trouble('licence-not-accepted', { link: 'https://huggingface.co/x/y' }))).toEqual({ kind: 'link', href: 'https://huggingface.co/x/y' })
})

test('no link of a hub becomes anything but a web address', () => {
  for (const link of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc', '', null, undefined, ' https://x']) expect(isWeb(link)).toBe(false)
  expect(fixOf(trouble('licence-not-accepted', { link: 'javascript:alert(1)' })).kind).not.toBe('link')
})

test('the key that is asked for is the one of the hub that refused', () => {
  expect(fixOf(trouble('login-needed', { facts: { hub: 'civitai' } }), 'web')).toEqual({ kind: 'key', hub: 'civitai' })
  expect(fixOf(trouble('login-needed'), 'huggingface')).toEqual({ kind: 'key', hub: 'huggingface' })
})
