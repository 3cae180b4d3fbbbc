/** Asks for the session and for what the first page shows while the console itself is still on its way. */
declare global {
  interface Window {
    /** Answers by path, undefined for a request that failed. */
    egovAhead?: Map<string, Promise<unknown>>
  }
}

const ask = (path: string): Promise<unknown> =>
  fetch(`/api/v1${path}`, { headers: { Accept: 'application/json' }, credentials: 'same-origin' })
    .then((response) => (response.ok ? response.json() : undefined))
    .catch(() => undefined)

// Without this note nobody signed in with this browser, and there is nothing to ask for.
if (!window.egovAhead && localStorage.getItem('egov.signedIn')) {
  const wanted = ['/session', ...(window.location.pathname === '/' ? ['/overview'] : [])]
  window.egovAhead = new Map(wanted.map((path) => [path, ask(path)]))
}

export {}
