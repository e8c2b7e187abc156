/**
 * Speed and memory beside other programs: `npm run bench`, or a part of it by name, as in `npm run bench -- upload`.
 * `--out <folder>` writes the results as JSON, `--rounds <n>` changes how often each program runs, `--only <text>` takes
 * the cases that have this text in their title.
 */
import { createReport, type Report } from './harness/report.js';
import { type BenchSettings, readSettings } from './harness/settings.js';

type Part = (settings: BenchSettings, report: Report) => Promise<void>;

/** Loaded one by one, so that none weighs on another. */
const PARTS: Readonly<Record<string, () => Promise<{ measure: Part }>>> = {
  upload: () => import('./upload.js'),
  mqtt: () => import('./mqtt.js'),
  readings: () => import('./readings.js'),
};

const settings = readSettings(process.argv.slice(2));
const wanted = settings.parts.length > 0 ? settings.parts : Object.keys(PARTS);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`There is no part "${unknown.join('", "')}". There are: ${Object.keys(PARTS).join(', ')}.`);
  process.exit(1);
}
const report = createReport(settings.out);
for (const name of wanted) {
  const part = await PARTS[name]?.();
  await part?.measure(settings, report);
  report.write(name);
}
