# A NixOS machine with broker and stand-in: a photo in a home folder reaches the server and the archive, under the
# hardening, and the broker hears of it.
{
  testers,
  nodejs,
  immich-bridge,
  module,
}:
let
  inbox = "/home/me/In box 100%";
  photo = ../../test/fixtures/photo.jpg;
in
testers.runNixOSTest {
  name = "node-red-immich";

  nodes.machine =
    { pkgs, lib, ... }:
    {
      imports = [ module ];

      users.users.me.isNormalUser = true;
      environment.etc."immich-api-key" = {
        text = "a-key-for-the-test\n";
        mode = "0400";
      };
      environment.systemPackages = [ pkgs.mosquitto ];

      systemd.services.immich-stand-in = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${lib.getExe nodejs} ${./stand-in.mjs} ${immich-bridge}/lib/immich-bridge 2283 a-key-for-the-test";
      };
      services.mosquitto = {
        enable = true;
        listeners = [
          {
            acl = [ "pattern readwrite #" ];
            omitPasswordAuth = true;
            settings.allow_anonymous = true;
          }
        ];
      };

      services.node-red-immich = {
        enable = true;
        starterFlow = "shipped";
        immich = {
          url = "http://127.0.0.1:2283";
          apiKeyFile = "/etc/immich-api-key";
        };
        watch.directories = [ inbox ];
        archive.directory = "/srv/archive";
        stability.waitSeconds = 1;
        mqtt.instance = "machine";
      };
    };

  testScript = ''
    machine.wait_for_unit("immich-stand-in.service")
    machine.wait_for_unit("mosquitto.service")
    machine.succeed("mkdir -m 0777 '${inbox}' /srv/archive")
    # Folders that were missing are opened for the service at its next start.
    machine.succeed("systemctl restart node-red.service")
    machine.wait_for_unit("node-red.service")
    machine.wait_for_open_port(1880)

    nodes = machine.succeed("curl -fsS -H 'Accept: application/json' http://127.0.0.1:1880/nodes")
    for node in ["folder-watch", "stable-file", "immich-upload", "archive-move", "mqtt-bridge", "gpu-stats"]:
        assert f'"{node}"' in nodes, f"{node} is not loaded"
    machine.succeed("ss -Htln 'sport = :1880' | grep -F 127.0.0.1:1880")

    machine.execute("mosquitto_sub -t immich-bridge/machine/event/upload -C 1 > /tmp/event 2>&1 &")
    machine.succeed("cp ${photo} '${inbox}/photo.jpg'")
    machine.wait_for_file("/srv/archive/photo.jpg")
    machine.succeed("cmp ${photo} /srv/archive/photo.jpg")
    machine.fail("test -e '${inbox}/photo.jpg'")
    machine.wait_until_succeeds("grep uploaded /tmp/event")
    machine.fail("journalctl -u node-red.service | grep a-key-for-the-test")
    print(machine.succeed("systemd-analyze security node-red.service"))
  '';
}
