import { type Program, runProcess } from './program.js';

/** curl, which only sends: it neither hashes nor asks. It gets one file. */
export const curl: Program = ({ server, files }) => {
  const at = '2026-01-01T00:00:00Z';
  const fields = { deviceAssetId: 'a', deviceId: 'bench', fileCreatedAt: at, fileModifiedAt: at };
  const form = [...Object.entries(fields), ['assetData', `@${files.paths[0]}`]];
  const args = form.flatMap(([name, value]) => ['-F', `${name}=${value}`]);
  // The key goes in by the input, because everybody may see arguments.
  return runProcess('curl', ['-sS', '--fail', '--config', '-', ...args, `${server.url}/api/assets`], {
    input: `header = "x-api-key: ${server.apiKey}"\n`,
  });
};
