/**
 * Checks a cloud-init document: a `#cloud-config` header, YAML, a mapping. Its text is a secret, so no finding repeats
 * any of it beyond the names of unknown top-level keys and the line of a fault.
 */
import { Findings, MAX_CLOUD_INIT_BYTES, type Verdict } from '@compute/domain';
import { readYaml } from '../manifest/yaml-text.ts';

const POINTER = '/spec/cloudInit';
const MAX_ALIASES = 100;
const MAX_DEPTH = 32;

/** Top-level keys that some cloud-init module reads. */
const KNOWN_KEYS: ReadonlySet<string> = new Set(
  `allow_public_ssh_keys ansible apk_repos apt apt_pipelining apt_reboot_if_required apt_update apt_upgrade apt_sources
   apt_mirror apt_mirror_search apt_proxy autoinstall authkey_hash bootcmd byobu_by_default ca-certs ca_certs chef chpasswd
   cloud_config_modules cloud_final_modules cloud_init_modules create_hostname_file datasource datasource_list debug def_log_file
   device_aliases disable_ec2_metadata disable_root disable_root_opts disk_setup drivers fan final_message fqdn fs_setup
   groups growpart grub-dpkg grub_dpkg hostname install_hotplug keyboard landscape launch-index locale locale_configfile
   log_cfgs lxd manage_etc_hosts manage_resolv_conf mcollective merge_how merge_type migrate mount_default_fields mounts network
   no_ssh_fingerprints ntp output package_reboot_if_required package_update package_upgrade packages password phone_home
   power_state prefer_fqdn_over_hostname preserve_hostname puppet random_seed reporting resize_rootfs resolv_conf rh_subscription
   rpi rsyslog runcmd salt_minion snap spacewalk ssh ssh_authorized_keys ssh_deletekeys ssh_fp_console_blacklist
   ssh_genkeytypes ssh_import_id ssh_key_console_blacklist ssh_keys ssh_publish_hostkeys ssh_pwauth ssh_quiet_keygen
   swap syslog_fix_perms system_info timezone ubuntu_advantage ubuntu_pro unverified_modules updates user users vendor_data
   version vendor_data2 wireguard write_files yum_repo_dir yum_repos zypper`.split(/\s+/),
);

/** Everything that is wrong with the text of `spec.cloudInit`; an empty text is nothing wrong. */
export function checkCloudInit(text: string): Verdict {
  const findings = new Findings();
  if (text === '') return findings;
  const size = Buffer.byteLength(text);
  if (size > MAX_CLOUD_INIT_BYTES) {
    findings.refuse(POINTER, 'too_large', `At most ${MAX_CLOUD_INIT_BYTES} bytes, these are ${size}.`);
    return findings;
  }
  if (!/^#cloud-config\s*(\n|$)/.test(text)) {
    const message = 'The first line must be #cloud-config, or the guest ignores the rest.';
    findings.refuse(POINTER, 'missing_header', message);
  }
  checkContent(text, findings);
  return findings;
}

function checkContent(text: string, findings: Findings): void {
  const { documents, faults } = readYaml(text, MAX_DEPTH, 1);
  const [fault] = faults;
  if (fault) {
    findings.refuse(POINTER, 'invalid_yaml', `Not YAML: line ${fault.line}, ${fault.what}.`);
    return;
  }
  if (documents.length > 1) {
    findings.refuse(POINTER, 'invalid_yaml', 'One document, without --- in between.');
    return;
  }
  try {
    checkKeys(documents[0]?.toJS({ maxAliasCount: MAX_ALIASES }), findings);
  } catch {
    findings.refuse(POINTER, 'invalid_yaml', 'Too many aliases.');
  }
}

function checkKeys(content: unknown, findings: Findings): void {
  if (content === null || content === undefined) return;
  if (typeof content !== 'object' || Array.isArray(content)) {
    findings.refuse(POINTER, 'invalid_yaml', 'A cloud-config is a mapping of keys to values.');
    return;
  }
  const unknown = Object.keys(content).filter((key) => !KNOWN_KEYS.has(key));
  if (unknown.length === 0) return;
  const names = unknown
    .slice(0, 5)
    .map((key) => `'${key.slice(0, 40)}'`)
    .join(', ');
  findings.warn(POINTER, 'unknown_cloud_init_key', `cloud-init knows no top-level key ${names}.`);
}
