# What NixOS makes of the module, for a bare and for an awkward configuration: systemd takes the unit, and it is shut in.
{
  lib,
  runCommand,
  systemd,
  stdenv,
  nixosSystem,
  module,
}:
let
  textOf =
    configuration:
    let
      inherit
        (nixosSystem {
          modules = [
            module
            {
              nixpkgs.hostPlatform = stdenv.hostPlatform.system;
              boot.isContainer = true;
              system.stateVersion = "25.05";
            }
            configuration
          ];
        })
        config
        ;
      failed = lib.filter (assertion: !assertion.assertion) config.assertions;
    in
    assert lib.assertMsg (failed == [ ]) (lib.concatMapStringsSep "\n" (one: one.message) failed);
    config.systemd.units."node-red.service".text;

  units = {
    bare = textOf { services.node-red-immich.enable = true; };
    awkward = textOf {
      services.immich.enable = true;
      services.mosquitto = {
        enable = true;
        listeners = [ { settings.allow_anonymous = true; } ];
      };
      services.node-red-immich = {
        enable = true;
        starterFlow = "shipped";
        immich.apiKeyFile = "/run/secrets/key-of-50%";
        watch.directories = [
          "/home/me/In box 100%"
          "/srv/photos/in:box"
        ];
        archive.directory = "/srv/photos/archive";
        parentDirectories = [ "/srv/photos" ];
        gpu.devices = [ "/dev/dri/renderD128" ];
        environment.NODE_EXTRA_CA_CERTS = "/etc/my ca.pem";
      };
    };
  };
  expected = [
    ''Environment="WATCH_DIRECTORIES=/home/me/In box 100%%,/srv/photos/in:box"''
    ''Environment="IMMICH_API_URL=http://localhost:2283"''
    ''Environment="MQTT_URL=mqtt://127.0.0.1:1883"''
    ''Environment="IMMICH_API_KEY_FILE=%d/immich-api-key"''
    "LoadCredential=immich-api-key:/run/secrets/key-of-50%%"
    ''BindPaths="-/home/me/In box 100%%"''
    ''ReadWritePaths="-/srv/photos"''
    "DeviceAllow=/dev/dri/renderD128 rw"
  ];
in
runCommand "node-red-immich-units"
  {
    nativeBuildInputs = [ systemd ];
    inherit (units) bare awkward;
    passAsFile = [
      "bare"
      "awkward"
    ];
  }
  ''
    ${lib.concatMapStringsSep "\n" (line: "grep -qxF -- ${lib.escapeShellArg line} $awkwardPath") expected}
    mkdir $out
    for unit in $barePath $awkwardPath; do
      cp $unit $out/node-red.service
      # 0 is shut in, 100 is open.
      systemd-analyze security --offline=true --threshold=20 $out/node-red.service
    done
  ''
