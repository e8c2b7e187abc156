/** Lines over a common axis of files; each panel has its own unit. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly name: string;
  /** Files, and the value for so many. */
  readonly points: readonly (readonly [files: number, value: number])[];
}

const PANEL = { width: 400, height: 220, left: 64, top: 48, gap: 40, bottom: 84 };

/** Draws panels side by side as an SVG that can be read on light and dark pages. */
export function drawPanels(title: string, panels: readonly Panel[]): string {
  const each = PANEL.left + PANEL.width + PANEL.gap;
  const [width, height] = [each * panels.length, PANEL.top + PANEL.height + PANEL.bottom];
  const drawn = panels.map(
    (panel, index) => `<g transform="translate(${index * each} 0)">${drawPanel(panel)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" role="img">
<title>${title}</title>
<style>
  text { fill: #333 } .faint { fill: #666 } .grid { stroke: #999; stroke-opacity: .35 }
  .line { fill: none; stroke-width: 2.5 } .c0 { stroke: #1f6feb } .c1 { stroke: #c2410c } .c2 { stroke: #7a7a7a }
  .d0 { fill: #1f6feb } .d1 { fill: #c2410c } .d2 { fill: #7a7a7a }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .faint { fill: #aaa } .c0 { stroke: #6cb0ff } .c1 { stroke: #ff9d5c } .c2 { stroke: #aaa }
    .d0 { fill: #6cb0ff } .d1 { fill: #ff9d5c } .d2 { fill: #aaa }
  }
</style>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, unit, lines }: Panel): string {
  const points = lines.flatMap((line) => line.points);
  const most = Math.max(...points.map(([files]) => files));
  const step = niceStep(Math.max(...points.map(([, value]) => value)));
  const steps = Math.ceil(Math.max(...points.map(([, value]) => value)) / step);
  const x = (files: number) => Math.round(PANEL.left + (PANEL.width * files) / most);
  const y = (value: number) => Math.round(PANEL.top + PANEL.height * (1 - value / (steps * step)));
  const rows = Array.from({ length: steps + 1 }, (_, index) => {
    const at = y(index * step);
    const label = `<text class="faint" x="${PANEL.left - 8}" y="${at + 4}" text-anchor="end">${shortNumber(index * step)}</text>`;
    return `<path class="grid" d="M${PANEL.left} ${at}H${PANEL.left + PANEL.width}"/>${label}`;
  });
  const bottom = PANEL.top + PANEL.height;
  const columns = [...new Set(points.map(([files]) => files))].map(
    (files) =>
      `<text class="faint" x="${x(files)}" y="${bottom + 18}" text-anchor="middle">${shortNumber(files)}</text>`,
  );
  const axis = `<text class="faint" x="${PANEL.left + PANEL.width / 2}" y="${bottom + 36}" text-anchor="middle">files</text>`;
  const head = `<text x="${PANEL.left}" y="18" font-weight="bold">${title}</text><text class="faint" x="${PANEL.left}" y="36">${unit}</text>`;
  return [head, ...rows, ...columns, axis, ...lines.map((line, index) => drawLine(line, index, x, y))].join(
    '',
  );
}

function drawLine(
  { name, points }: Line,
  index: number,
  x: (files: number) => number,
  y: (value: number) => number,
): string {
  const path = points.map(([files, value]) => `${x(files)} ${y(value)}`).join('L');
  const dots = points.map(
    ([files, value]) => `<circle class="d${index}" cx="${x(files)}" cy="${y(value)}" r="3.5"/>`,
  );
  const left = PANEL.left + index * 140;
  const bottom = PANEL.top + PANEL.height + 62;
  const key = `<path class="line c${index}" d="M${left} ${bottom - 4}h18"/><text x="${left + 24}" y="${bottom}">${name}</text>`;
  return `<path class="line c${index}" d="M${path}"/>${dots.join('')}${key}`;
}

/** A round step of which about five reach a value. */
function niceStep(most: number): number {
  const rough = Math.max(most, 1e-9) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

function shortNumber(value: number): string {
  return value >= 1_000 ? `${Math.round(value / 100) / 10}k` : String(Math.round(value * 100) / 100);
}
