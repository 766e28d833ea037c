/** Where this tab keeps its token; no other tab can read it. */
export const TOKEN = 'modelyard.token'

/** Tabs of one origin hand the token to each other: a link opened in a new tab works, and nothing is stored. */
const CHANNEL = 'modelyard.session'
const PATIENCE = 250
let shared: BroadcastChannel | null = null

export function shareWithTabs(token: () => string | null): void {
  shared ??= new BroadcastChannel(CHANNEL)
  shared.onmessage = ({ data }) => {
    if (data === 'token?' && token()) shared?.postMessage({ token: token() })
  }
}

/** What another open tab knows, null when none answers. */
export function askOtherTabs(): Promise<string | null> {
  const channel = new BroadcastChannel(CHANNEL)
  return new Promise((resolve) => {
    const end = (token: string | null) => {
      channel.close()
      clearTimeout(timer)
      resolve(token)
    }
    const timer = setTimeout(() => end(null), PATIENCE)
    channel.onmessage = ({ data }) => {
      if (typeof data?.token === 'string') end(data.token)
    }
    channel.postMessage('token?')
  })
}
