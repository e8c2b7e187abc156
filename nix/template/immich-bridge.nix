{
  services.node-red-immich = {
    enable = true;
    starterFlow = "shipped";
    immich.url = "http://192.168.1.10:2283";
    immich.apiKeyFile = "/var/lib/secrets/immich-api-key";
    watch.directories = [ "/srv/photos/inbox" ];
    archive.directory = "/srv/photos/archive";
    parentDirectories = [ "/srv/photos" ];
  };

  # Whoever is in the group "photos" can put files into the inbox.
  users.groups.photos = { };
  services.node-red-immich.supplementaryGroups = [ "photos" ];
  systemd.tmpfiles.rules = [
    "d /srv/photos 2770 node-red photos -"
    "d /srv/photos/inbox 2770 node-red photos -"
    "d /srv/photos/archive 2770 node-red photos -"
  ];
}
