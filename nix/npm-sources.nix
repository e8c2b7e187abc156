# The npm packages that a build needs, each proven by the hash that package-lock.json has for it anyway. npm is asked
# for name@version at the registry that it is set to, so that no address and no second hash can go stale.
{
  lib,
  stdenv,
  stdenvNoCC,
  nodejs,
  cacert,
  importNpmLock,
}:
{
  manifest, # package.json, parsed
  lock, # package-lock.json, parsed
  keepDev, # as lock.nix has it
}:
let
  needed = import ./lock.nix {
    inherit manifest lock keepDev;
    inherit (stdenv.hostPlatform.node) platform arch;
    libc = if stdenv.hostPlatform.isMusl then "musl" else "glibc";
  };

  tarball =
    _place:
    {
      name,
      version,
      integrity,
    }:
    stdenvNoCC.mkDerivation {
      # npm takes a file for a tarball by its ending.
      name = lib.strings.sanitizeDerivationName "${baseNameOf name}-${version}.tgz";
      outputHash = integrity;
      outputHashAlgo = null; # the integrity names it
      outputHashMode = "flat";
      nativeBuildInputs = [
        nodejs
        cacert
      ];
      impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [
        "NPM_CONFIG_REGISTRY"
        "NODE_EXTRA_CA_CERTS"
      ];
      buildCommand = ''
        export HOME=$TMPDIR
        npm pack --silent --ignore-scripts --pack-destination "$TMPDIR" ${lib.escapeShellArg "${name}@${version}"}
        mv "$TMPDIR"/*.tgz "$out"
      '';
    };
in
importNpmLock {
  package = needed.manifest;
  packageLock = needed.lock;
  packageSourceOverrides = lib.mapAttrs tarball needed.tarballs;
}
