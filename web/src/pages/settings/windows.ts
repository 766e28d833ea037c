/** One line of the schedule of limits, `mon-fri 08:00-18:00 2MB/s`. */
export interface Window {
  days: string
  from: string
  to: string
  rate: string
}

const LINE = /^\s*([a-z,-]+)\s+(\d\d:\d\d)-(\d\d:\d\d)\s+(\S+)\s*$/i

/** The lines of a schedule; null when one of them is written in a way that only the service reads. */
export function readWindows(text: string): Window[] | null {
  const windows = text
    .split(';')
    .filter((part) => part.trim())
    .map((part) => {
      const [, days, from, to, rate] = LINE.exec(part) ?? []
      return days && from && to && rate ? { days: days.toLowerCase(), from, to, rate } : null
    })
  return windows.every((each) => each !== null) ? (windows as Window[]) : null
}

/** The lines as the service reads them. */
export const writeWindows = (windows: readonly Window[]): string =>
  windows.map(({ days, from, to, rate }) => `${days} ${from}-${to} ${rate.trim() || 'off'}`).join('; ')
