"""What one signal is, as numbers: timbre, rhythm, pitch, loudness, and stand-ins for some of Spotify's features.

Frame-wise features are librosa's, of 2048 samples every 512, and are summed up by mean and variance; spectra are gone
through in blocks, so that a long song takes no more memory. Where a routine of librosa's is slow, another route to the
same meaning is taken, and tests hold the two together.
"""

import functools
import warnings

import numpy as np
import scipy.signal

from signals.decoding import SAMPLE_RATE, SHORTEST, segments
from signals.rhythm_harmony import harmony, onset_patterns, voices
from signals.spectrograms import HOP_LENGTH, N_FFT, power_blocks, spectrograms

# Krumhansl and Kessler 1982, as in Krumhansl, Cognitive Foundations of Musical Pitch, 1990
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
LONGEST = 600
"""Seconds of a song that are described where it is not cut into segments: the first ten minutes."""
TEMPO_EDGES = [40, 60, 75, 90, 105, 120, 140, 165, 200, 260]
"""BPM: the bands in which the tempogram is summed up."""
TEMPOGRAM_FRAMES, TEMPOGRAM_STEP = 384, 4
SHORTEST_LOUDNESS = .4


def describe(y, sr=SAMPLE_RATE, *, loudness_of=None):
    """Describe a signal by its audio features.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
        Mono samples.
    sr : int
        Their rate, 16,000 Hz or more: there are seven octave bands to fill. Models and tables are made for 22,050 Hz.
    loudness_of : tuple of np.ndarray [shape=(m,) or (m, channels)] and int, optional
        The samples and rate to take the loudness of: the channels as they are, before they are mixed. Else `y`.

    Returns
    -------
    dict of str to float
        By rule: ``NAME_mean`` and ``NAME_var`` over frames, ``NAME_01_mean`` ... where there are several, for `chroma` (C
        first), `rms`, `spectral_centroid`, `spectral_bandwidth`, `spectral_rolloff` (Hz), `spectral_contrast` (dB),
        `spectral_flatness`, `zero_crossing_rate`, `mfcc`, `mfcc_delta`, `tonnetz`, `onset_strength`, `tempogram` (strength
        of the pulse between the tempi `TEMPO_EDGES`). Then `tempo`, `tempo_rival` (BPM), `tempo_confidence`; `key` (C = 0),
        `mode` (major = 1), `key_confidence`; `loudness_lufs`; `danceability_proxy`, `energy_proxy`,
        `acousticness_proxy`; and what `patterns.onset_patterns`, `patterns.harmony` and `patterns.voices` return. What is not
        defined (the key of silence, say) is NaN.

    Raises
    ------
    ValueError
        There are no samples, or too few a second.

    Examples
    --------
    >>> described = describe(np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050).astype(np.float32))
    >>> round(described["spectral_centroid_mean"] / 440, 1), max(range(12), key=lambda n: described[f"chroma_{n + 1:02d}_mean"])
    (1.0, 9)
    """
    y = np.asarray(y, dtype=np.float32)
    if not len(y) or sr < 16_000:
        raise ValueError(f"{len(y)} samples at {sr} Hz: there must be samples, and 16,000 or more a second")
    tuning = _tuning(y, sr)
    mel, frames = _frames(y, sr, tuning)
    mel_decibels = _decibels(mel)
    frames["mfcc"] = scipy.fft.dct(mel_decibels, axis=1, type=2, norm="ortho")[:, :20]
    frames["mfcc_delta"] = _deltas(frames["mfcc"])
    onset = onset_strength(mel_decibels)
    frames["onset_strength"] = onset[:, None]
    frames["tempogram"] = _tempo_bands(local_autocorrelation(onset), sr)
    out = {}
    for name, values in frames.items():
        out |= _summed_up(name, values)
    out |= estimate_tempo(onset, sr)
    out |= onset_patterns(mel_decibels, out["tempo"], sr=sr)
    tones = _tones(y, sr, tuning)
    out |= estimate_key(tones)
    out |= harmony(tones, out["key"]) | voices(y, out["key"], sr=sr)
    out["loudness_lufs"] = loudness(*(loudness_of or (y, sr)))
    out["danceability_proxy"] = danceability(y, sr)
    return out | _proxies(y, mel, sr)


def describe_file(path, segment_seconds=None, *, shortest=SHORTEST):
    """Describe a sound file, whole or in segments.

    Parameters
    ----------
    path : str or Path
    segment_seconds : float, optional
        Length of a segment; None describes the song whole (its first ten minutes).
    shortest : float
        A song shorter than this many seconds is refused.

    Returns
    -------
    list of dict
        One a segment: `segment, start, seconds` and what `describe` returns.

    Raises
    ------
    AudioError
        As `decoding.segments`.
    """
    rows = []
    for number, segment in enumerate(segments(path, segment_seconds or LONGEST, shortest=shortest)):
        about = {"segment": number, "start": segment.start, "seconds": len(segment.native) / segment.native_sr}
        rows.append(about | describe(segment.y, loudness_of=(segment.native, segment.native_sr)))
        if segment_seconds is None:
            break
    return rows


def _summed_up(name, values):
    """Mean and variance over frames, by rule of name."""
    names = [name] if values.shape[1] == 1 else [f"{name}_{number:02d}" for number in range(1, values.shape[1] + 1)]
    means, variances = values.mean(axis=0, dtype=np.float64), values.var(axis=0, dtype=np.float64)
    return {f"{one}_{what}": float(value) for one, mean, variance in zip(names, means, variances)
            for what, value in (("mean", mean), ("var", variance))}


# ---- frame by frame

def _frames(y, sr, tuning):
    """The mel spectrogram, and every other feature of the spectrum: [shape=(frames, values)] each."""
    bank = _chroma_bank(sr, tuning)
    hertz, bands = (np.arange(N_FFT // 2 + 1) * sr / N_FFT).astype(np.float32), _contrast_bands(sr)
    n = 1 + len(y) // HOP_LENGTH
    chroma, shape = np.empty((n, 12), np.float32), np.empty((n, 4), np.float32)
    peak, valley = np.empty((2, n, len(bands)), np.float32)
    for first, power in power_blocks(y):
        here = slice(first, first + len(power))
        chroma[here] = power @ bank
        magnitude = np.sqrt(power)
        shape[here] = _spectral_shape(power, magnitude, hertz)
        peak[here], valley[here] = _peaks_and_valleys(magnitude, bands)
    chroma /= np.maximum(chroma.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    frames = {"chroma": chroma, "rms": _rms(y), "spectral_centroid": shape[:, :1], "spectral_bandwidth": shape[:, 1:2],
              "spectral_rolloff": shape[:, 2:3], "spectral_contrast": _decibels(peak) - _decibels(valley),
              "spectral_flatness": shape[:, 3:], "zero_crossing_rate": _zero_crossing_rate(y), "tonnetz": _tonnetz(chroma)}
    return spectrograms(y, sr=sr)["mel"].T, frames


def _spectral_shape(power, magnitude, hertz):
    """Centroid, bandwidth, roll-off at 85 % and flatness of each frame."""
    total = np.maximum(magnitude.sum(axis=1), np.finfo(np.float32).tiny)
    centroid = magnitude @ hertz / total
    # not from the second moment: of a pure tone, too little would be left of the difference
    away = np.subtract(hertz, centroid[:, None])
    bandwidth = np.sqrt(np.einsum("ij,ij,ij->i", magnitude, away, away) / total)
    cumulated = np.cumsum(magnitude, axis=1)
    rolloff = (cumulated < .85 * cumulated[:, -1:]).sum(axis=1) * hertz[1]
    floored = np.maximum(power, 1e-10)
    flatness = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    return np.column_stack([centroid, bandwidth, rolloff, flatness])


@functools.cache
def _contrast_bands(sr):
    """For each of seven octave bands its first and last frequency, and how many values count as its peak or valley."""
    hertz = np.arange(N_FFT // 2 + 1) * sr / N_FFT
    edges = [0, *(200 * 2 ** np.arange(7))]
    bands = []
    for number, (low, high) in enumerate(zip(edges, edges[1:])):
        inside = np.flatnonzero((hertz >= low) & (hertz <= high))
        first, last = inside[0] - (number > 0), inside[-1] + 1
        if number == 6:
            last = len(hertz)
        count = last - first
        bands.append((first, last - (number < 6), max(int(np.rint(.02 * count)), 1)))
    return bands


def _peaks_and_valleys(magnitude, bands):
    """The loudest and the softest fiftieth of each octave, for spectral contrast (Jiang et al. 2002).

    A partial sort does; the bands that keep one value need none at all.
    """
    peaks, valleys = np.empty((2, len(magnitude), len(bands)), np.float32)
    for number, (first, last, few) in enumerate(bands):
        band = magnitude[:, first:last]
        if few == 1:
            valleys[:, number], peaks[:, number] = band.min(axis=1), band.max(axis=1)
        else:
            parted = np.partition(band, (few - 1, band.shape[1] - few), axis=1)
            valleys[:, number], peaks[:, number] = parted[:, :few].mean(axis=1), parted[:, -few:].mean(axis=1)
    return peaks, valleys


def _sums(padded):
    """Sums over each frame of 2048 values, every 512: each of four hops."""
    hops = padded[:len(padded) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH).sum(axis=1)
    return np.convolve(hops, np.ones(N_FFT // HOP_LENGTH), "valid")


def _rms(y):
    return np.sqrt(_sums(np.square(np.pad(y, N_FFT // 2))) / N_FFT)[:, None]


def _zero_crossing_rate(y):
    """Share of samples at which the sign changes; a frame's own first sample never counts."""
    negative = np.pad(y, N_FFT // 2, mode="edge") < -1e-10
    changes = np.concatenate([[False], negative[1:] != negative[:-1]])
    return ((_sums(changes) - changes[:len(y) + 1:HOP_LENGTH]) / N_FFT)[:, None]


def _decibels(power):
    """As `librosa.power_to_db`: no more than 80 dB below the loudest of all."""
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    return np.maximum(decibels, decibels.max() - 80)


def _deltas(mfcc):
    """Slope over nine frames, as `librosa.feature.delta`; undefined for fewer frames."""
    if len(mfcc) < 9:
        return np.full_like(mfcc, np.nan)
    return scipy.signal.savgol_filter(mfcc, 9, polyorder=1, deriv=1, axis=0, mode="interp")


def _tonnetz(chroma):
    """Tonal centroids (Harte, Sandler and Gasser 2006) of the chroma that is there, not of a constant-Q transform of its own."""
    angles = np.outer([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3], np.arange(12))
    angles[::2] -= .5
    circles = np.array([1, 1, 1, 1, .5, .5])[:, None] * np.cos(np.pi * angles)
    return chroma / np.maximum(chroma.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny) @ circles.T


def _tuning(y, sr):
    """How far a recording is tuned from 440 Hz, in semitones: `librosa.estimate_tuning`, interpolating only where a peak is."""
    low, high = (int(np.ceil(hertz * N_FFT / sr)) for hertz in (150, min(4000, sr / 2)))
    pitches, heights = [np.empty(0)], [np.empty(0)]
    for _, power in power_blocks(y):
        left, middle, right = (power[:, low + shift:high + shift] for shift in (-1, 0, 1))
        frame, at = np.nonzero((middle > left) & (middle >= right) & (middle > .1 * power.max(axis=1, keepdims=True)))
        before, peak, after = (part[frame, at].astype(np.float64) for part in (left, middle, right))
        slope, bend = (after - before) / 2, before - 2 * peak + after
        offset = np.where(np.abs(slope) < np.abs(bend), -slope / np.where(bend, bend, 1), 0)
        pitches.append((low + at + offset) * sr / N_FFT)
        heights.append(peak + slope * offset / 2)
    pitches, heights = np.concatenate(pitches), np.concatenate(heights)
    if not len(pitches):
        return 0.0
    away = (12 * np.log2(pitches[heights >= np.median(heights)] / 440) + .5) % 1 - .5
    counts, edges = np.histogram(away, np.linspace(-.5, .5, 101))
    return round(float(edges[counts.argmax()]), 2)


@functools.lru_cache(maxsize=256)
def _chroma_bank(sr, tuning, n_fft=N_FFT, **middle):
    from librosa import filters
    return np.ascontiguousarray(filters.chroma(sr=sr, n_fft=n_fft, tuning=tuning, **middle).T, dtype=np.float32)


# ---- rhythm

def onset_strength(mel_decibels):
    """Spectral flux: the mean rise of the mel bands from frame to frame (Boeck and Widmer 2013, without its max filter).

    Parameters
    ----------
    mel_decibels : np.ndarray [shape=(frames, bands)]

    Returns
    -------
    np.ndarray [shape=(frames,)]
        As `librosa.onset.onset_strength` has it: late by half a window.
    """
    rise = np.maximum(np.diff(mel_decibels, axis=0), 0).mean(axis=1)
    late = np.concatenate([np.zeros(1 + N_FFT // (2 * HOP_LENGTH)), rise])
    return late[:len(mel_decibels)]


def local_autocorrelation(onset):
    """Local autocorrelation of the onsets (Grosche, Mueller and Kurth 2010), for every fourth frame.

    Parameters
    ----------
    onset : np.ndarray [shape=(frames,)]

    Returns
    -------
    np.ndarray [shape=(frames // 4, 384)]
        Strength by lag in frames, 1 at lag 0; rows of silence are zero.
    """
    half = TEMPOGRAM_FRAMES // 2
    padded = np.pad(onset, half, mode="linear_ramp", end_values=0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, TEMPOGRAM_FRAMES)[:len(onset):TEMPOGRAM_STEP]
    spectrum = scipy.fft.rfft(windows * scipy.signal.get_window("hann", TEMPOGRAM_FRAMES), 2 * TEMPOGRAM_FRAMES, axis=1)
    lags = scipy.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :TEMPOGRAM_FRAMES]
    return lags / np.maximum(np.abs(lags).max(axis=1, keepdims=True), 1e-12)


def _tempi(sr, n=TEMPOGRAM_FRAMES):
    """The tempo in BPM of each lag; that of lag 0 is infinite."""
    return 60 * sr / HOP_LENGTH / np.maximum(np.arange(n), 1e-9)


def _tempo_bands(pulse, sr):
    tempi = _tempi(sr)
    return np.column_stack([pulse[:, (tempi >= low) & (tempi < high)].max(axis=1)
                            for low, high in zip(TEMPO_EDGES, TEMPO_EDGES[1:])])


def estimate_tempo(onset, sr=SAMPLE_RATE):
    """The tempo, its rival at half or double, and how far it is ahead.

    The pulse that returns after one, two and four beats: the mean of the onsets' autocorrelation there, as by a comb filter
    (Davies and Plumbley 2007), beside a log-normal prior around 120 BPM (Ellis 2007). A dotted rhythm returns after one of
    its steps as well, but not after four. Made finer on its multiples.

    Parameters
    ----------
    onset : np.ndarray [shape=(frames,)]
    sr : int

    Returns
    -------
    dict
        `tempo`, `tempo_rival` (BPM), `tempo_confidence` (the share of the two's strength that is the tempo's: .5 where the
        rival is as strong); NaN where nothing pulses.

    Examples
    --------
    >>> round(estimate_tempo(np.arange(1000) % 20 == 0)["tempo"], 1)
    129.2
    """
    lags = _autocorrelation(onset)
    if lags is None:
        return {"tempo": np.nan, "tempo_rival": np.nan, "tempo_confidence": np.nan}
    tempi = 30 * 2 ** (np.arange(320) / 96)  # 30 to 300 BPM

    def strength(tempo):
        return np.mean([np.interp(60 * sr / HOP_LENGTH / tempo * beats, np.arange(len(lags)), lags, right=0)
                        for beats in (1, 2, 4)], axis=0)

    def score(tempo):
        return strength(tempo) - .5 * np.log2(tempo / 120) ** 2

    heard = float(tempi[score(tempi).argmax()])
    rival = max((heard * ratio for ratio in (.5, 2) if 30 <= heard * ratio <= 300), key=score)
    own, other = (max(float(strength(tempo)), 0) for tempo in (heard, rival))
    tempo = 60 * sr / HOP_LENGTH / _finer(lags, 60 * sr / HOP_LENGTH / heard)
    return {"tempo": float(tempo), "tempo_rival": float(tempo * rival / heard),
            "tempo_confidence": own / (own + other) if own + other else np.nan}


def _autocorrelation(onset):
    """By lag in frames, 1 at lag 0, corrected for the ever shorter overlap; None where nothing pulses."""
    centred = np.asarray(onset, dtype=np.float64) - np.mean(onset)
    size = scipy.fft.next_fast_len(2 * len(onset), real=True)
    lags = scipy.fft.irfft(np.abs(scipy.fft.rfft(centred, size)) ** 2, size)[:len(onset) // 2]
    if len(lags) < 32 or not lags[0] > 1e-6:
        return None
    return lags / lags[0] * len(onset) / (len(onset) - np.arange(len(lags)))


def _finer(lags, lag):
    """A lag to a fraction of a frame: its multiples lie as many times as exactly."""
    best, multiple = float(lag), 1
    while (multiple * 2 + .5) * best + 2 < len(lags) and multiple < 16:
        multiple *= 2
        centre, reach = multiple * best, max(1, round(multiple * .3) if multiple < 4 else 2)
        window = np.arange(round(centre) - reach, round(centre) + reach + 1)
        peak = window[np.argmax(lags[window])]
        before, at, after = lags[peak - 1:peak + 2]
        if at < max(before, after):  # the window ends on a slope: nothing returns there
            break
        bend = before - 2 * at + after
        best = (peak + (.5 * (before - after) / bend if bend < 0 else 0)) / multiple
    return best


# ---- pitch, loudness, proxies

def _tones(y, sr, tuning, n_fft=4 * N_FFT):
    """How much each pitch class sounds: [shape=(frames, 12)], each frame's sum 1.

    For the key alone: four times as fine in frequency, of peaks only (Gomez 2006), so that drums count for little, and mostly
    from the octaves around 220 Hz, where chords lie and few of what sounds are overtones.
    """
    bank = _chroma_bank(sr, tuning, n_fft, ctroct=3, octwidth=1)
    window, padded = scipy.signal.get_window("hann", n_fft).astype(np.float32), np.pad(y, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[:len(y) + 1:n_fft // 2]
    tones = np.empty((len(frames), 12), np.float32)
    for first in range(0, len(frames), 64):
        spectrum = np.abs(scipy.fft.rfft(frames[first:first + 64] * window))[:, :n_fft // 8]
        peaks = np.zeros_like(spectrum)
        inner = spectrum[:, 1:-1]
        peaks[:, 1:-1] = np.where((inner > spectrum[:, :-2]) & (inner >= spectrum[:, 2:]), inner, 0)
        tones[first:first + 64] = peaks @ bank[:n_fft // 8]
    return tones / np.maximum(tones.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)


def estimate_key(chroma):
    """The key whose profile of pitch classes is most like that of the whole (Krumhansl and Schmuckler 1990).

    Parameters
    ----------
    chroma : np.ndarray [shape=(frames, 12)]
        C first.

    Returns
    -------
    dict
        `key` (tonic, C = 0), `mode` (major = 1), `key_confidence` (its correlation less that of the next best key).

    Examples
    --------
    >>> estimate_key(np.roll(MAJOR, 7)[None])["key"]
    7.0
    """
    mean = chroma.mean(axis=0)
    if not mean.std() > 1e-6:
        return {"key": np.nan, "mode": np.nan, "key_confidence": np.nan}
    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    likeness = np.corrcoef(np.vstack([mean, profiles]))[0, 1:]
    best = int(likeness.argmax())
    return {"key": float(best % 12), "mode": float(best < 12), "key_confidence": float(likeness[best] - np.sort(likeness)[-2])}


def loudness(samples, sr):
    """Integrated loudness in LUFS (ITU-R BS.1770-4, by pyloudnorm), of the channels as they are.

    Undefined (NaN) below 0.4 s and for silence. Of six channels the fourth, for low effects, does not count.
    """
    import pyloudnorm
    if len(samples) < SHORTEST_LOUDNESS * sr or not np.any(samples):
        return np.nan
    if samples.ndim == 2 and samples.shape[1] > 5:
        samples = np.delete(samples, 3, axis=1)[:, :5]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = pyloudnorm.Meter(sr).integrated_loudness(np.asarray(samples, dtype=np.float64))
    return float(value) if np.isfinite(value) else np.nan


def danceability(y, sr=SAMPLE_RATE):
    """Danceability by detrended fluctuation analysis.

    Streich and Herrera, Detrended Fluctuation Analysis of Music Signals, AES 2005. The level in steps of 10 ms, summed up,
    is compared with straight lines over windows of 0.3 to 8.8 s. The slower its deviation grows with the window, the more
    regular the pulse: the inverse of the mean exponent, from 0 to 3. Not Spotify's danceability.
    """
    step = round(.01 * sr)
    level = y[:len(y) // step * step].reshape(-1, step).std(axis=1, dtype=np.float64)
    walk = np.cumsum(level - level.mean()) if len(level) else level
    sizes = np.unique((31 * 1.1 ** np.arange(36)).astype(int))
    sizes = sizes[(sizes <= 880) & (sizes <= len(walk) // 2)]
    if len(sizes) < 4 or not level.any():
        return np.nan
    deviation = np.array([_fluctuation(walk, size) for size in sizes])
    if not (deviation > 1e-12).all():
        return np.nan
    exponent = np.mean(np.diff(np.log(deviation)) / np.diff(np.log(sizes + 3)))
    return float(np.clip(1 / exponent, 0, 3)) if exponent > 0 else np.nan


def _fluctuation(walk, size):
    """How far windows of a walk lie from their own straight lines."""
    windows = walk[:len(walk) // size * size].reshape(-1, size)
    x = np.arange(size) - (size - 1) / 2
    centred = windows - windows.mean(axis=1, keepdims=True)
    slopes = centred @ x / (x @ x)
    return np.sqrt(np.mean((np.square(centred).sum(axis=1) - slopes ** 2 * (x @ x)).clip(0) / size))


def _proxies(y, mel, sr):
    """Stand-ins of our own, from 0 to 1, for what Spotify does not define.

    `energy_proxy`: the level (RMS) from -40 to -5 dB. `acousticness_proxy`: how little of the power lies above 1,500 Hz
    (brightness, Juslin 2000) and how far the level falls between beats (the share of frames below half the mean level).
    """
    level = float(np.sqrt(np.mean(np.square(y, dtype=np.float64)))) if len(y) else 0.0
    total = mel.sum()
    if not level or not total:
        return {"energy_proxy": np.nan, "acousticness_proxy": np.nan}
    frame_level = np.sqrt(mel.sum(axis=1))
    bright = float(mel[:, _mel_from(1500, sr):].sum() / total)
    falling = float((frame_level < .5 * frame_level.mean()).mean())
    return {"energy_proxy": float(np.clip((20 * np.log10(level) + 40) / 35, 0, 1)),
            "acousticness_proxy": float(np.clip(.5 * (1 - min(1, 4 * bright)) + .5 * min(1, 3 * falling), 0, 1))}


@functools.cache
def _mel_from(hertz, sr):
    from librosa import mel_frequencies
    return int(np.searchsorted(mel_frequencies(130, fmin=0, fmax=sr / 2)[1:-1], hertz))
