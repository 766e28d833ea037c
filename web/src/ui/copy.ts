import { useI18n } from 'vue-i18n'
import { useToasts } from './toasts'

/** By the page's own copying, which every origin has; says whether somebody took it. */
function old(text: string): boolean {
  let taken = false
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    taken = event.clipboardData !== null
  }
  document.addEventListener('copy', give, { once: true })
  document.execCommand('copy')
  document.removeEventListener('copy', give)
  return taken
}

/** Put text where the person can paste it; an address that is not safe (http on another machine) has no clipboard, and permission may lack. */
async function put(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return old(text)
  }
}

/** Put text where the person can paste it, and say so; gives whether it is there. */
export function useCopy(): (text: string) => Promise<boolean> {
  const { t } = useI18n()
  const toasts = useToasts()
  return async (text) => {
    const done = await put(text)
    if (done) toasts.tell(t('tasks.copied'))
    else toasts.tell(t('tasks.notCopied'), undefined, 'bad')
    return done
  }
}
