/** What a list page says about its columns and filters. */
export interface Column<T> {
  key: string
  label: string
  /** Pixels; a column without a width shares what is left. */
  width?: number
  /** Field to sort by, where the API can. */
  sort?: string
  align?: 'right'
  mono?: boolean
  /** Not shown until it is chosen. */
  optional?: boolean
  /** Text of the cell where no slot draws it; also what the CSV export writes. */
  value: (row: T) => string | number | null | undefined
}

export interface Filter {
  key: string
  label: string
  options?: { value: string; label: string }[]
  /** A list of the API to choose one thing from. */
  source?: string
}

/** One cell of a CSV file; a leading = + - @ would be a formula to a spreadsheet. */
export function csvCell(value: unknown): string {
  let text = value === null || value === undefined ? '' : String(value)
  if (/^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text)) text = `'${text}`
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
