export type Words = Record<string, Record<string, unknown>>

/** One language from its files: each page brings its own, and what several say under one name is joined. */
export function merged(files: Record<string, unknown>): Words {
  const all: Words = {}
  for (const file of Object.values(files) as Words[]) {
    for (const [name, words] of Object.entries(file)) all[name] = { ...all[name], ...words }
  }
  return all
}
