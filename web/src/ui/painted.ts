/** Do something when what was just put together can be seen: the first frame measures and draws it, and behind the second one it stands. */
export const whenPainted = (then: () => void) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(then)))
