# What the build reads, what it runs and what the launcher needs beside the pack. A test builds exactly this.
{
  source = [
    "package.json"
    "package-lock.json"
    ".npmrc"
    "tsconfig.json"
    "tsconfig.build.json"
    "nix/tsconfig.json"
    "nodes"
    "lib"
    "bin"
    "flows"
    "icons"
    "locales"
    "resources"
    "test/support"
    "test/fixtures/photo.jpg"
    "CHANGELOG.md"
    "LICENSE"
    "README.md"
  ];

  # devDependencies that compile it, and are gone afterwards.
  tools = [
    "typescript"
    "@types/busboy"
    "@types/node"
    "@types/node-red"
  ];

  # devDependencies of the stand-ins, on which the launcher runs when no Immich is named.
  standIns = [
    "aedes"
    "busboy"
  ];

  build = [
    "node node_modules/typescript/bin/tsc -p nix/tsconfig.json"
    "node dist/bin/copy-assets.js"
  ];

  # Beside node_modules, into the folder of the launcher.
  launcher = [
    "package.json"
    "dist"
    "examples"
    "resources"
    "test/fixtures/photo.jpg"
    "LICENSE"
  ];
}
