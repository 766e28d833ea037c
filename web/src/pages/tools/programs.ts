import { useQuery } from '@tanstack/vue-query'
import type { Ref } from 'vue'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'

export type Program = Schemas['ProgramView']
export type Loan = Schemas['LoanView']
export type Lent = Schemas['Lent']

export const PROGRAMS = ['models', 'programs'] as const
export const LINKS = ['models', 'links'] as const

/** The other programs of this machine; looking for them takes a moment. */
export function usePrograms(wanted: Ref<boolean>) {
  return useQuery({ queryKey: PROGRAMS, enabled: wanted, staleTime: 60_000, queryFn: ({ signal }) => said(api().GET('/api/v1/programs', { signal })) })
}

/** What was lent to them. */
export function useLinks(wanted: Ref<boolean>) {
  return useQuery({ queryKey: LINKS, enabled: wanted, queryFn: ({ signal }) => said(api().GET('/api/v1/links', { signal })) })
}

/** Programs that models can be lent to. */
export const borrowers = (programs: readonly Program[]): Program[] => programs.filter((program) => program.means.length > 0)

/** How many of some models would be lent, are there already, or cannot be. */
export function tally(results: readonly Lent[]): Record<'would' | 'there' | 'failed', number> {
  const count = (state: Lent['state']) => results.filter((one) => (one.state ?? 'failed') === state).length
  return { would: count('would') + count('made'), there: count('there'), failed: count('failed') }
}
