"""What each gateway can do of what a configuration uses (`gal compat`)."""

from gal.compat.compare import Answer, Compatibility, Feature, Reason, Verdict, compatibility

__all__ = ["Answer", "Compatibility", "Feature", "Reason", "Verdict", "compatibility"]
