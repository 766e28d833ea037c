/** A file that a download brought. */
export interface Landed {
  path: string
  size: number
  sha256?: string
  verified?: boolean
  how?: string
}

type Ended = { result?: object | null }

export const landedOf = ({ result }: Ended): Landed[] => (result as { files?: Landed[] } | null | undefined)?.files ?? []

/** Whether every file had a hash that it was compared with. */
export const isProven = (task: Ended): boolean => landedOf(task).every(({ verified }) => verified)

/** Where it lies: the one file, or the folder that holds them all. */
export function placeOf(task: Ended): string {
  const paths = landedOf(task).map(({ path }) => path)
  if (paths.length < 2) return paths[0] ?? ''
  const [first, ...others] = paths.map((path) => path.split(/(?<=[\\/])/))
  const same = first!.findIndex((part, at) => others.some((other) => other[at] !== part))
  return first!.slice(0, same).join('')
}
