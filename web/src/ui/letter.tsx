// SPDX-License-Identifier: Apache-2.0
/** A provider's sign: its first letter on a quiet tint of its own.  No vendor's logo is shipped. */
export function Letter({ name }: { name: string }) {
  let h = 0
  for (const c of name) h = (h * 31 + (c.codePointAt(0) ?? 0)) >>> 0
  return <span className={`letter tint${h % 8}`} aria-hidden="true">{name.slice(0, 1).toUpperCase()}</span>
}
