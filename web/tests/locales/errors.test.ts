import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import en from '@/locales/en/errors.json'
import zh from '@/locales/zh/errors.json'

const codes = documented(readFileSync('../docs/errors.md', 'utf-8')) // vitest runs in web/

/** Every code of the table's last column, and those told below it in the same way. */
function documented(text: string): string[] {
  const rows = text.split('\n').filter((line) => /^\| \d+ \|/.test(line))
  const below = text.split('\n').filter((line) => /^`[a-z-]+` /.test(line))
  return [...new Set([...rows.map((row) => row.split('|')[3]!), ...below.map((line) => line.split(' ')[0]!)].flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map((found) => found[1]!)))]
}

describe('error codes', () => {
  it('are found in the document', () => {
    expect(codes.length).toBeGreaterThan(80)
    expect(codes).toContain('hash-differs')
    expect(codes).toContain('lying-source')
  })

  it.each([
    ['English', en.errors],
    ['Chinese', zh.errors],
  ])('have a title and an action in %s, every one', (_, words: Record<string, { title: string; action: string }>) => {
    expect(codes.filter((code) => !words[code]?.title || !words[code]?.action)).toEqual([])
  })

  it('have words only while they exist', () => {
    expect(Object.keys(en.errors).filter((code) => !codes.includes(code))).toEqual([])
  })
})
