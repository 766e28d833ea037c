/** How far each list was scrolled when its page was left, by its address; for as long as the tab lives. */
export const places = new Map<string, number>()
