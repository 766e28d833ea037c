import { onMounted, ref } from 'vue'

const LATEST = 2000
const rested = ref(false)

/** Whether the page has been at rest: what nobody sees at first is loaded and put together only then. */
export function useRested() {
  const rest = () => (rested.value = true)
  onMounted(() => ('requestIdleCallback' in window ? requestIdleCallback(rest, { timeout: LATEST }) : setTimeout(rest, LATEST)))
  return rested
}
