/** Do something when what was just put together can be seen: a frame measures and draws it, what waits behind the next one is late enough. */
export const whenPainted = (then: () => void) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(then)))
