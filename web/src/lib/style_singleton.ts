// SPDX-License-Identifier: Apache-2.0
// Stands in for the package react-style-singleton (see vite.config.ts), which Radix's scroll lock uses: the same functions, with a
// constructed style sheet instead of a <style> element, since our Content-Security-Policy allows no styles inside the page.
import { useEffect } from 'react'

export function stylesheetSingleton() {
  let users = 0
  let sheet: CSSStyleSheet | undefined
  return {
    add(css: string) {
      users += 1
      if (users > 1) return
      sheet = new CSSStyleSheet()
      sheet.replaceSync(css)
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    },
    remove() {
      users -= 1
      if (users > 0 || !sheet) return
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet)
      sheet = undefined
    },
  }
}

export function styleHookSingleton() {
  const sheet = stylesheetSingleton()
  return (css: string, dynamic?: boolean) => {
    useEffect(() => {
      sheet.add(css)
      return () => sheet.remove()
    }, [css && dynamic]) // as the original: the text counts only when it may change
  }
}

export function styleSingleton() {
  const useStyle = styleHookSingleton()
  return function Sheet({ styles, dynamic }: { styles: string; dynamic?: boolean }) {
    useStyle(styles, dynamic)
    return null
  }
}
