# The node pack, as npm would publish it, and in an output of its own what `immich-bridge.nix` makes a program of.
{
  lib,
  buildNpmPackage,
  importNpmLock,
  nodejs,
  callPackage,
}:
let
  files = import ./files.nix;
  manifest = lib.importJSON ../package.json;
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions (map (name: ../. + "/${name}") files.source);
  };
in
lib.fix (
  pack:
  buildNpmPackage {
    pname = baseNameOf manifest.name;
    inherit (manifest) version;
    inherit src nodejs;

    outputs = [
      "out"
      "launcher"
    ];

    npmDeps = callPackage ./npm-sources.nix { inherit nodejs; } {
      inherit manifest;
      lock = lib.importJSON ../package-lock.json;
      keepDev = files.tools ++ files.standIns;
    };
    npmConfigHook = importNpmLock.npmConfigHook;
    # classic-level has its library ready-made in the package; its script would only look for it.
    npmRebuildFlags = [ "--ignore-scripts" ];

    # `npm run build` would be run once more by `npm pack`.
    buildPhase = ''
      runHook preBuild
      ${lib.concatStringsSep "\n" files.build}
      runHook postBuild
    '';
    npmPackFlags = [ "--ignore-scripts" ];

    # Before the hook prunes what the stand-ins need.
    preInstall = ''
      mkdir -p $launcher/lib/immich-bridge
      cp -r --parents ${lib.escapeShellArgs files.launcher} node_modules $launcher/lib/immich-bridge
      chmod -R u+w $launcher/lib/immich-bridge
      (
        cd $launcher/lib/immich-bridge/node_modules
        rm -rf ${lib.escapeShellArgs (map (tool: lib.head (lib.splitString "/" tool)) files.tools)} .bin .package-lock.json
      )
    '';

    # npm links the program of the pack, which has no Node-RED beside it here: immich-bridge.nix makes one that has.
    postInstall = ''
      rm -rf $out/bin
    '';

    doInstallCheck = true;
    installCheckPhase = ''
      runHook preInstallCheck
      node ${./check-nodes.mjs} $out/lib/node_modules/${manifest.name}
      runHook postInstallCheck
    '';

    passthru = {
      isNodeRedPack = true;
      # The shipped flow, as a file.
      flow = "${pack}/lib/node_modules/${manifest.name}/examples/immich-bridge.json";
    };

    meta = {
      inherit (manifest) description;
      homepage = lib.removeSuffix ".git" (lib.removePrefix "git+" manifest.repository.url);
      license = lib.licenses.mit;
      platforms = lib.platforms.linux ++ lib.platforms.darwin;
    };
  }
)
