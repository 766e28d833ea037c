import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

/** What is about to be fetched: the text that somebody typed, pasted or dropped. */
export const useAdding = defineStore('adding', () => {
  const open = ref(false)
  const text = ref('')
  /** Fetch it although it is here. */
  const replace = ref(false)
  const lines = computed(() => text.value.split(/\r?\n/).map((line) => line.trim()).filter(Boolean))

  function begin(given: string, again = false): void {
    text.value = given.trim()
    replace.value = again
    open.value = true
  }

  return { open, text, replace, lines, begin }
})
