import { useQuery } from '@tanstack/vue-query'
import { said } from './client'
import { api } from './here'

/** The hubs that the service knows. */
export function useHubs() {
  return useQuery({ queryKey: ['hubs'], queryFn: ({ signal }) => said(api().GET('/api/v1/hubs', { signal })) })
}
