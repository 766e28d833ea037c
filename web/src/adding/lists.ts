const LARGEST = 4 * 1024 * 1024

/** Whether a file that somebody gave is a list of links. */
export const isList = ({ name, size }: File): boolean => size <= LARGEST && /\.(txt|list|csv|md)$/i.test(name)
