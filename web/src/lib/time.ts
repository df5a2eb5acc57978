// SPDX-License-Identifier: Apache-2.0
const steps: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** "3 hours ago", "in 2 days"; "just now" within a minute. */
export function ago(at: string, now = Date.now()) {
  const seconds = Math.round((Date.parse(at) - now) / 1000)
  for (const [unit, size] of steps)
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  return seconds > 5 ? `in ${seconds} seconds` : 'just now'
}
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
export function full(at: string) { return exact.format(new Date(at)) }
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 })
export function clock(at: string) { return clockTime.format(new Date(at)) }
