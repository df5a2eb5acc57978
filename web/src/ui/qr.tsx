// SPDX-License-Identifier: Apache-2.0
import { correction, generate } from 'lean-qr'

const QUIET = 4 // modules of light border that readers need

/** A text as a QR code, drawn here: nobody else sees it.  Black on white in every theme, since some readers know nothing else. */
export function Qr({ text, label }: { text: string; label: string }) {
  const code = generate(text, { minCorrectionLevel: correction.M })
  let path = ''
  for (let y = 0; y < code.size; y++)
    for (let x = 0; x < code.size; x++)
      if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`
  const size = code.size + 2 * QUIET
  return (
    <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#ffffff" /><path d={path} fill="#000000" />
    </svg>
  )
}
