/** What pages about buckets share. */
export const GIB = 1024 ** 3

/** Below this an object is sent in one piece; above it in parts of this size. */
export const PART = 8 * 1024 * 1024

/** The address of an object's bytes, for a link that the browser follows by itself. */
export function contentUrl(bucket: string, key: string): string {
  return `/api/v1/buckets/${bucket}/content?key=${encodeURIComponent(key)}`
}

/** What makes a key unfit for some endpoint; the server has the last word. */
export function soundKey(key: string): boolean {
  if (!key || new TextEncoder().encode(key).length > 1024 || key.includes('\\')) return false
  return key.split('/').every((part) => part && part !== '.' && part !== '..')
}
