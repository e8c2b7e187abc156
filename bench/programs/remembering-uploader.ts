/** The same as the bare one, with the memory over restarts and the look for files that belong together around it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore } from '../../lib/store/file-store.js';
import { remembering } from '../../lib/store/remembering.js';
import { tombstoneCheck } from '../../lib/store/tombstone.js';
import { createFellowBook } from '../../lib/upload/fellow-book.js';
import { groupingUpload } from '../../lib/upload/late-companions.js';
import { uploadAll } from './upload-all.js';
import { workOnce } from './worker.js';

const [server, node] = ['server', 'node'];

workOnce(async (task) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-store-'));
  const store = openFileStore({ folder, onProblem: ({ message }) => console.error(message) });
  const book = createFellowBook();
  const onNotice = (notice: Error) => console.error(notice.message);
  const mayCreate = tombstoneCheck({ store, server, policyOf: () => 'leave' });
  await uploadAll(
    task,
    (upload, client) =>
      remembering(groupingUpload({ client, upload, book, onNotice, stackPolicy: 'jpeg' }), {
        store,
        server,
        node,
      }),
    { mayCreate },
  );
  await store.close();
  rmSync(folder, { recursive: true });
});
