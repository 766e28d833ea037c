import { QueryClient } from '@tanstack/vue-query'
import { asProblem } from './problem'

/** The page's copy of what the service knows; events say what of it is old. */
export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false, // events tell what changed
        retry: (count, error) => asProblem(error).code === 'no-service' && count < 2,
      },
    },
  })
}
