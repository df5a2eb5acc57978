// SPDX-License-Identifier: Apache-2.0
export type Theme = 'light' | 'dark' | 'system'
export function theme(): Theme {
  const t = localStorage.getItem('tb.theme')
  return t === 'light' || t === 'dark' ? t : 'system'
}
export function setTheme(t: Theme) {
  localStorage.setItem('tb.theme', t)
  applyTheme()
}
export function applyTheme() {
  const t = theme()
  if (t === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = t
}
