/** This pack's uploader without Node-RED: hashes, asks, sends and proves. */
import { uploadAll } from './upload-all.js';
import { workOnce } from './worker.js';

workOnce((task) => uploadAll(task));
