import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { merged } from '@/locales/merged'

const FILES = import.meta.glob('../../src/locales/*/*.json', { eager: true, import: 'default' })
const SERVICE = '../src/modelyard' // vitest runs in web/

const source = (path: string) => readFileSync(`${SERVICE}/${path}`, 'utf-8')
const told = (path: string, pattern: RegExp, within?: RegExp): string[] =>
  [...source(path).matchAll(pattern)].flatMap((found) => (within ? [...found[0].matchAll(within)].map((each) => each[1]!) : [found[1]!]))
const words = (language: string) => merged(Object.fromEntries(Object.entries(FILES).filter(([path]) => path.includes(`/${language}/`))))

/** Codes that the service's sources name, and where the page keeps their words. */
const CODES: Record<string, { codes: string[]; place: string; within?: string; least: number }> = {
  'findings in a file': { codes: told('library/formats/header.py', /^ {4}[A-Z_]+ = "([a-z-]+)"$/gm), place: 'library.problems', least: 25 },
  'findings of the catalogue': { codes: told('catalogue/model.py', /^(?:REMARKS|VERDICTS) = .*$/gm, /"([a-z-]+)"/g), place: 'library.problems', least: 5 },
  recommendations: { codes: told('jobs/upkeep.py', /\bAdvice\(\s*"([a-z-]+)"/g), place: 'health.advice', within: 'told', least: 8 },
  'reasons against sharing': { codes: told('jobs/dedupe.py', /(?:return|or|if error.code == .* else|"kept",) \(?"([a-z-]+)"/g), place: 'health.duplicates.reasons', least: 4 },
  'reasons of proposals': { codes: told('jobs/space.py', /return "(?:archive|offer)", "([a-z-]+)"/g), place: 'health.unused.reasons', least: 4 },
  'what hubs want first': { codes: told('values/offers.py', /^class Access\([\s\S]*?UNKNOWN = .*$/gm, /= "([a-z-]+)"/g), place: 'adding.access', least: 6 },
  'kinds of care': { codes: [...new Set(readdirSync(`${SERVICE}/jobs`, { recursive: true }).map(String).filter((path) => path.endsWith('.py')).flatMap((path) => told(`jobs/${path}`, /\bChore\(\s*"([a-z]+)"/g)))], place: 'chores', least: 8 },
}

describe.each(['en', 'zh'])('in %s', (language) => {
  it.each(Object.entries(CODES))('%s have words, every one', (_, { codes, place, within, least }) => {
    const kept = place.split('.').reduce<Record<string, unknown>>((table, name) => table[name] as Record<string, unknown>, words(language))
    expect(codes.length).toBeGreaterThanOrEqual(least)
    expect(codes.filter((code) => !(within ? (kept[code] as Record<string, unknown> | undefined)?.[within] : kept[code]))).toEqual([])
  })
})
