/**
 * What a run may tell in another way than the recording, each with its reason. An entry with `moments` takes those values out
 * of both sides before they are compared; one without leaves the fact out.
 */
export interface Exception {
  readonly object: RegExp;
  readonly fact: RegExp;
  readonly moments?: RegExp;
  readonly why: string;
}

export const exceptions: readonly Exception[] = [
  {
    object: /^Pod importer-prime-UID \(2\)/,
    fact: /^(life|phase)$/,
    moments: /^(Pending|here|deleting|gone)$/,
    why: 'after a wrong checksum CDI may make another importer from what it remembers, and takes it back before it runs',
  },
  {
    object: /^Events of PersistentVolumeClaim tmp-pvc-UID/,
    fact: /^Normal CloneSucceeded:/,
    why: 'the real controllers tell it on a real server; on ours the claim behind the claim is gone before they do',
  },
  {
    object: /^VirtualMachine/,
    fact: /^condition Synchronized$/,
    moments: /^False\/(ErrImagePull|ImagePullBackOff)/,
    why: 'the played kubelet goes to and fro between the two, and the controllers see it now here, now there',
  },
  {
    object: /^DataVolume/,
    fact: /^phase$/,
    moments: /^(Pending|ImportScheduled|CloneScheduled)$/,
    why: 'before the claim behind the claim is bound the phase is empty or Pending by race, and ImportScheduled may be skipped',
  },
  {
    object: /^DataVolume/,
    fact: /^condition Bound$/,
    moments: /^False\/(Pending|NotFound)/,
    why: 'its message is the newest event of the claim behind the claim, whichever that is when CDI looks',
  },
  {
    object: /^DataVolume/,
    fact: /^condition Running$/,
    moments: /^(False\/ContainerCreating|False\/ErrStartingPod|True\/Pod is running)/,
    why: 'it lasts as long as the played kubelet takes, and may be over when CDI looks; so may a run that fails at once',
  },
  {
    object: /^DataVolume copy/,
    fact: /^condition Running$/,
    moments: /^(False$|False\/Pending|False\/Pod is running|True\/Populator is running)/,
    why: 'the steps of a clone follow each other as fast as its pods, and the real controllers leave out now one, now another',
  },
  {
    object: /^DataVolume/,
    fact: /^progress$/,
    moments: /^percent$/,
    why: 'CDI asks every two seconds, and not at all in between',
  },
  {
    object: /^Events of DataVolume/,
    fact: /^Normal (Pending|NotFound):/,
    why: 'one for each message of the condition Bound that CDI happened to see',
  },
  {
    object: /^Events of PersistentVolumeClaim/,
    fact: /ErrCreatingPVCPrime: .* already exists|ClaimMisbound|Error saving claim|object has been modified/,
    why: 'races of CDI with itself and with the binder of volumes',
  },
  {
    object: /^Events of PersistentVolumeClaim/,
    fact: /: \[(prime|tmp-pvc)-UID\] : /,
    why: 'a copy of an event of the claim behind the claim: of its newest, whichever that is when CDI looks',
  },
  {
    object: /^Events of PersistentVolumeClaim/,
    fact: /^Normal (ExternalProvisioning|WaitForFirstConsumer|WaitForPodScheduled):/,
    why: 'told by the binder of volumes, which is a player, when it looks before the storage is done',
  },
  {
    object: /^(VirtualMachine|VirtualMachineInstance) /,
    fact: /^condition (AgentConnected|LiveMigratable|StorageLiveMigratable)$/,
    moments: /^True$/,
    why: 'written by the played virt-handler once the guest has started: a story may be over before',
  },
  {
    object: /^VirtualMachineInstance /,
    fact: /^condition Ready$/,
    moments: /^False\/(PodTerminating|PodNotExists|GuestNotRunning)/,
    why: 'an incarnation that ends is not looked at for each step of its pod',
  },
  {
    object: /^DataVolume/,
    fact: /^condition Ready$/,
    moments: /^False\/TransferRunning/,
    why: 'it follows the pods of a transfer, one of which may have ended when CDI looks',
  },
  {
    object: /^VirtualMachine /,
    fact: /^condition Ready$/,
    moments: /^False\/(VMINotExists|VMIConditionMissing|PodTerminating|PodNotExists|GuestNotRunning)/,
    why: 'each lasts some milliseconds, and the machine is not looked at for every one of them',
  },
];
