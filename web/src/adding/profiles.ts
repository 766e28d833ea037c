import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { said, type Schemas } from '@/api/client'
import { api } from '@/api/here'

export type Profile = Schemas['Profile']

/** Named sets of options that a download can be given by one word. */
export function useProfiles(wanted: MaybeRef<boolean> = true) {
  const profiles = useQuery({ queryKey: ['settings', 'profiles'], enabled: wanted, queryFn: ({ signal }) => said(api().GET('/api/v1/profiles', { signal })) })
  return Object.assign(profiles, { all: computed(() => Object.entries(profiles.data.value ?? {})) })
}

/** What of a profile differs from the defaults, in a line. */
export function useProfileWords() {
  const { t } = useI18n()
  return (profile: Profile): string =>
    [
      profile.to && `→ ${profile.to}`,
      profile.limit && `≤ ${profile.limit}`,
      profile.priority && profile.priority !== 'normal' && t(`priorities.${profile.priority}`),
      profile.include?.length && `+ ${profile.include.join(', ')}`,
      profile.exclude?.length && `− ${profile.exclude.join(', ')}`,
      profile.replace && t('adding.replace'),
      profile.unpack && t('settings.profiles.unpack'),
      profile.companions && t('settings.profiles.companions'),
    ]
      .filter(Boolean)
      .join(' · ')
}
