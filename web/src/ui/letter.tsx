// SPDX-License-Identifier: Apache-2.0
/** Black or white, whichever is read better on this colour (WCAG 2's relative luminance). */
export function inkOn(color: string) {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(color.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : '#ffffff'
}
/** The first letter, on a colour of the project's own or on a quiet tint.  No vendor's logo is shipped. */
export function Letter({ name, color }: { name: string; color?: string | null | undefined }) {
  let h = 0
  for (const c of name) h = (h * 31 + (c.codePointAt(0) ?? 0)) >>> 0
  const first = [...name][0]?.toUpperCase()
  if (color) return <span className="letter" style={{ background: color, color: inkOn(color) }} aria-hidden="true">{first}</span>
  return <span className={`letter tint${h % 8}`} aria-hidden="true">{first}</span>
}
