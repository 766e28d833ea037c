import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

/** What is about to be fetched: the text that somebody typed, pasted or dropped. */
export const useAdding = defineStore('adding', () => {
  const open = ref(false)
  const text = ref('')
  const lines = computed(() => text.value.split(/\r?\n/).map((line) => line.trim()).filter(Boolean))

  function begin(given: string): void {
    text.value = given.trim()
    open.value = true
  }

  return { open, text, lines, begin }
})
