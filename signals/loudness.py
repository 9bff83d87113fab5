"""Loudness range and true peak of a recording, and what streaming services do to its level."""

import numpy as np
import scipy.signal

from signals.estimators import counted_channels, loudness

WINDOW_SECONDS = 3.0
"""Of short-term loudness (EBU Tech 3341)."""
STEP_SECONDS = .1
ABSOLUTE_GATE, RELATIVE_GATE = -70, -20
"""LUFS, and LU below the loudness above that gate: what is softer does not count for the range (EBU Tech 3342)."""
CHANNEL_WEIGHTS = (1, 1, 1, 1.41, 1.41)
"""Of the power of left, right, centre and the two surround channels (ITU-R BS.1770-4)."""
OVERSAMPLING = 4
"""For the true peak (ITU-R BS.1770-4, annex 2)."""
BLOCK, MARGIN = 1024, 16
"""Samples that are looked at together, and how many the filter needs on both sides."""
CANDIDATE = .7
"""A block whose largest sample is below this share of the song's largest is not oversampled: between samples a wave may
rise by 3 dB, hardly by more."""
STREAMING_LUFS = -14
"""The level to which Spotify, YouTube and Tidal turn songs by default."""
HIGHEST_PEAK = -1
"""dBTP that Spotify asks for, since lossy coding makes peaks higher."""


def loudness_report(samples, sr):
    """Integrated loudness, loudness range and true peak.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,) or (n, channels)]
        The channels before they are mixed to mono.
    sr : int

    Returns
    -------
    dict of str to float
        `loudness_lufs` (ITU-R BS.1770-4); `loudness_range` in LU (EBU Tech 3342): the difference between soft and loud
        parts, NaN for less than 3 s; `true_peak` in dBTP: the highest value of the waveform between samples. NaN for
        silence.

    Examples
    --------
    >>> t = np.arange(6 * 48_000) / 48_000
    >>> report = loudness_report(.5 * np.sin(2 * np.pi * 1000 * t), 48_000)
    >>> round(report["true_peak"], 1), round(report["loudness_range"], 1)
    (-6.0, 0.0)
    """
    samples = np.asarray(samples, dtype=np.float32)
    samples = samples[:, None] if samples.ndim == 1 else samples
    return {"loudness_lufs": loudness(samples, sr), "loudness_range": loudness_range(samples, sr),
            "true_peak": true_peak(samples)}


def loudness_range(samples, sr):
    """The loudness range in LU, from the 10th to the 95th percentile of short-term loudness (EBU Tech 3342).

    Parameters
    ----------
    samples : np.ndarray [shape=(n, channels)]
    sr : int

    Returns
    -------
    float
        NaN for less than 3 s and for silence.
    """
    step = round(STEP_SECONDS * sr)
    steps = len(samples) // step
    width = round(WINDOW_SECONDS / STEP_SECONDS)
    if steps < width:
        return np.nan
    power = np.zeros(steps)
    for weight, channel in zip(CHANNEL_WEIGHTS, counted_channels(samples)[:steps * step].T):
        power += weight * np.square(_k_weighted(channel.astype(np.float64), sr)).reshape(steps, step).mean(axis=1)
    sums = np.cumsum(np.concatenate([[0], power]))
    with np.errstate(divide="ignore"):
        short_term = -.691 + 10 * np.log10(np.maximum((sums[width:] - sums[:-width]) / width, 0))
        audible = short_term[short_term > ABSOLUTE_GATE]
        if not len(audible):
            return np.nan
        gate = 10 * np.log10(np.mean(10 ** (audible / 10))) + RELATIVE_GATE
    soft, loud = np.quantile(audible[audible > gate], (.1, .95))
    return float(loud - soft)


def _k_weighted(channel, sr):
    """The two filters of ITU-R BS.1770-4: a shelf for the head, and a high-pass."""
    from pyloudnorm.iirfilter import IIRfilter
    shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, sr, "high_shelf")
    high_pass = IIRfilter(0.0, .5, 38.0, sr, "high_pass")
    return high_pass.apply_filter(shelf.apply_filter(channel))


def true_peak(samples):
    """The highest value of the waveform in dB relative to full scale, also between samples (ITU-R BS.1770-4, annex 2).

    Parameters
    ----------
    samples : np.ndarray [shape=(n, channels)]

    Returns
    -------
    float
        NaN for silence.
    """
    highest = float(np.abs(samples).max()) if len(samples) else 0.0
    if not highest:
        return np.nan
    least = CANDIDATE * highest
    for channel in samples.T:
        blocks = np.pad(channel, (0, -len(channel) % BLOCK), mode="edge").reshape(-1, BLOCK)
        loud = np.flatnonzero(np.abs(blocks).max(axis=1) >= least)
        padded = np.pad(blocks.ravel(), MARGIN, mode="edge")
        for first in range(0, len(loud), 1000):
            starts = loud[first:first + 1000] * BLOCK
            pieces = padded[starts[:, None] + np.arange(BLOCK + 2 * MARGIN)]
            finer = scipy.signal.resample_poly(pieces, OVERSAMPLING, 1, axis=1)
            inner = finer[:, MARGIN * OVERSAMPLING:-MARGIN * OVERSAMPLING]
            highest = max(highest, float(np.abs(inner).max()))
    return float(20 * np.log10(highest))


def streaming_sentence(report):
    """What streaming services will do to the level of a file, in a sentence or two.

    Parameters
    ----------
    report : dict
        As from `loudness_report`.

    Returns
    -------
    str

    Examples
    --------
    >>> streaming_sentence({"loudness_lufs": -9.0, "loudness_range": 4.0, "true_peak": -.2})
    'At -9.0 LUFS it is 5.0 dB louder than the -14 LUFS of streaming services, which turn it down by that. Its true \
peak of -0.2 dBTP is above -1 dBTP: lossy coding may clip it.'
    """
    level, peak = report["loudness_lufs"], round(report["true_peak"], 1) + 0.0  # as it is said; never -0.0
    if np.isnan(level):
        return "The loudness is not known: the file is too quiet or too short."
    gain = STREAMING_LUFS - level
    begin = f"At {level:.1f} LUFS it is"
    if abs(gain) < .5:
        text = f"{begin} as loud as streaming services play songs ({STREAMING_LUFS} LUFS): its level is not changed."
    elif gain < 0:
        text = (f"{begin} {-gain:.1f} dB louder than the {STREAMING_LUFS} LUFS of streaming services, which turn it "
                "down by that.")
    else:
        room = max(HIGHEST_PEAK - peak, 0)
        raised = (f"raise it by {gain:.1f} dB" if room >= gain else "leave it as it is, so that its peaks do not clip"
                  if room < .1 else f"raise it by only {room:.1f} dB, so that its peaks do not clip")
        text = (f"{begin} {gain:.1f} dB softer than the {STREAMING_LUFS} LUFS of streaming services. Those that raise "
                f"soft songs, such as Spotify, {raised}.")
    if peak > HIGHEST_PEAK:
        text += f" Its true peak of {peak:.1f} dBTP is above {HIGHEST_PEAK} dBTP: lossy coding may clip it."
    return text
