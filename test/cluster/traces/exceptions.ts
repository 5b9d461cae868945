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
    moments: /^False\/ContainerCreating/,
    why: 'it lasts as long as the played kubelet takes, and may be over when CDI looks',
  },
  {
    object: /^DataVolume/,
    fact: /^progress$/,
    moments: /^percent$/,
    why: 'CDI asks every two seconds, and not at all in between',
  },
  {
    object: /^Events of DataVolume/,
    fact: /^events$/,
    moments: /^Normal (Pending|NotFound|Bound):/,
    why: 'one for each message of the condition Bound that CDI happened to see',
  },
  {
    object: /^Events of PersistentVolumeClaim/,
    fact: /^events$/,
    moments: /ErrCreatingPVCPrime: .* already exists|ClaimMisbound|Error saving claim|ExternalProvisioning|waitFor/i,
    why: 'races of CDI with itself and with the binder of volumes',
  },
  {
    object: /^VirtualMachine /,
    fact: /^condition Ready$/,
    moments: /^False\/(VMINotExists|VMIConditionMissing|PodTerminating|GuestNotRunning)/,
    why: 'each lasts some milliseconds, and the machine is not looked at for every one of them',
  },
];
