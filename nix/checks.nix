# What must hold for the shared options, as assertions. Builtins only, so that tests evaluate it without nixpkgs.
{ name, cfg }:
let
  systemd = import ./systemd.nix;
  inherit (builtins)
    concatMap
    filter
    storeDir
    substring
    ;

  each =
    option: values:
    map (value: { inherit option value; }) (filter (value: value != null) values);

  folders =
    each "watch.directories" cfg.watch.directories ++ each "archive.directory" [ cfg.archive.directory ];

  # systemd 257 cannot hand a credential on whose path has a blank: the service would fail with "Failed to deserialize".
  credentialFiles =
    each "immich.apiKeyFile" [ cfg.immich.apiKeyFile ] ++ each "mqtt.passwordFile" [ cfg.mqtt.passwordFile ];

  # "-" before the path of an environment file means that it may be missing.
  withoutDash = path: if substring 0 1 path == "-" then substring 1 (-1) path else path;
  secretFiles =
    credentialFiles ++ each "environmentFiles" (map withoutDash cfg.environmentFiles);
in
map (
  { option, value }:
  let
    problem = systemd.folderProblem value;
  in
  {
    assertion = problem == null;
    message = "${name}.${option}: the folder \"${value}\" ${toString problem}.";
  }
) folders
++ concatMap (
  { option, value }:
  [
    {
      assertion = systemd.isFilePath value;
      message = "${name}.${option}: \"${value}\" is not absolute. Type the whole path, without \"~\".";
    }
    {
      assertion = !(systemd.isBelow storeDir value);
      message = "${name}.${option}: \"${value}\" lies in the Nix store, where everybody can read it. Type, in quotes, a path outside.";
    }
  ]
) secretFiles
++ map (
  { option, value }:
  {
    assertion = builtins.match "[^ \t\n]*" value != null;
    message = "${name}.${option}: \"${value}\" has a blank, which systemd does not take here. Type a path without.";
  }
) credentialFiles
