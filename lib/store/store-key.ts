/** What is known of the file at a path. */
export const fileKey = (server: string, path: string) => `f${server}\0${path}`;
/** What lay at a path before it was archived. */
export const formerKey = (server: string, path: string) => `o${server}\0${path}`;
/** What is known of bytes. */
export const receiptKey = (server: string, sha1: string) => `r${server}\0${sha1}`;
/** How far the files were looked through. */
export const sweepKey = (server: string) => `s${server}`;
/** Why the file at a path failed. */
export const failureKey = (node: string, path: string) => `x${node}\0${path}`;
