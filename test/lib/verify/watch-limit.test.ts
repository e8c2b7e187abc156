import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { watchLimitFinding } from '../../../lib/verify/watch-limit.js';
import { tempFolder } from '../../support/world.js';

it.each([
  [8_192, 100, 'ok', undefined],
  [8_192, 5_000, 'warning', 65_536],
  [8_192, 8_192, 'problem', 65_536],
  [65_536, 100_000, 'problem', 524_288],
] as const)('with a limit of %i and %i folders says %s', async (limit, folders, verdict, advised) => {
  const file = join(tempFolder(), 'limit');
  writeFileSync(file, `${limit}\n`);
  const finding = await watchLimitFinding(folders, file);
  expect(finding).toMatchObject({ verdict, found: `${folders} of ${limit} are needed` });
  if (advised === undefined) expect(finding.advice).toBeUndefined();
  else expect(finding.advice).toContain(`max_user_watches=${advised} `);
});

it('has nothing to say where the system tells no limit', async () => {
  expect(await watchLimitFinding(9, '/no/such/file')).toMatchObject({ verdict: 'ok' });
});
