/** Arguments that make no sense. */
export class UsageError extends Error {
  constructor(reason: unknown) {
    super(reason instanceof Error ? reason.message : String(reason));
  }
}

/** What `immich-bridge --help` prints. */
export const USAGE = `
Usage: immich-bridge [command]

  start                    starts Node-RED with the shipped flow; also without a command
  verify                   checks folders, Immich, API key and broker, and says what to do
      --upload             sends a test picture even if the key cannot delete it again
      --no-upload          sends none
      --size-mb <number>   makes the test picture so large, to try what a proxy lets through
      --json               prints the findings for a program
  audit                    asks Immich whether it still has all that was uploaded and archived
      --folder <path>      only what lies in this folder
      --requeue            uploads what is missing again, from where it lies
      --json               prints the report for a program
  receipt <path or SHA-1>  prints what is remembered of the upload of a file
  migrate [file]           turns settings of the Python uploader into those of Immich Bridge: its .env (the
                           default), a .nix file, JSON of "nix eval --json", or - for standard input
      --out <file>         writes them to a new file that only you can read, the API key included
  --help, --version

Settings come from the environment and from a file .env in the current folder.
Exit codes: 0 all is well, 1 there is a problem, 2 the arguments are wrong.
`;
