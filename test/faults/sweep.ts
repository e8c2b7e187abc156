import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, vi } from 'vitest';
import type { FaultWorld } from './fault-world.js';

const TWO_HOURS_MS = 7_200_000;

/** Copies that died with Node-RED are gone two hours later, once something else was copied into their folder. */
export async function sweepTorsos(world: FaultWorld): Promise<void> {
  const { places, facts } = world;
  const torsos = [...facts.torsos].filter((path) => existsSync(path));
  if (torsos.length === 0) return;
  await world.nodeRed().stop();
  world.setClock(TWO_HOURS_MS);
  for (const [index, torso] of torsos.entries()) {
    const photo = join(places.source(), dirname(relative(places.archive, torso)), `sweep ${index}.jpg`);
    mkdirSync(dirname(photo), { recursive: true });
    writeFileSync(photo, `a photo that comes two hours later, ${index}`);
  }
  await world.start();
  const left = () => torsos.filter((path) => existsSync(path));
  await vi.waitFor(() => expect(left(), `seed ${world.seed}: leftovers of copies`).toEqual([]), {
    timeout: 60_000,
    interval: 100,
  });
}
