// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  base: '/',
  resolve: {
    alias: {
      // Radix locks scrolling through a <style> element, which our Content-Security-Policy forbids.
      'react-style-singleton': fileURLToPath(new URL('src/lib/style_singleton.ts', import.meta.url)),
    },
  },
  build: {
    target: 'es2022', // what browsers of the last three years run
    assetsInlineLimit: 0, // data: is in no policy of ours
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': 'http://localhost:9099', '/tb': 'http://localhost:9099' } },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'], restoreMocks: true },
})
