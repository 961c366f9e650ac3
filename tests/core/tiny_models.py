"""Encoders that a test makes in a moment: untrained, with a vocabulary of their own, of the same kind as the real one."""

from __future__ import annotations

from pathlib import Path

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_model(folder: Path, words: tuple[str, ...] = (), *, dim: int = 32, max_tokens: int = 64, seed: int = 0) -> str:
    """Make a model that knows these words whole and all others by their letters; returns its folder's name.

    ``dim`` is a multiple of 4; the other numbers and ``seed`` decide what it makes of a text.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_LETTERS, *(f"##{letter}" for letter in _LETTERS), *words]
    pieces += [mark for mark in ".,;:!?#-'\"()" if mark not in pieces]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    torch.manual_seed(seed)
    backbone = folder / "backbone"
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=dim,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=dim,
        max_position_embeddings=max_tokens,
        initializer_range=0.3,
    )
    BertModel(config).save_pretrained(backbone)
    fast.save_pretrained(backbone)
    made = folder / "model"
    transformer = Transformer(str(backbone), max_seq_length=max_tokens)
    SentenceTransformer(modules=[transformer, Pooling(dim, pooling_mode="mean")], device="cpu").save(str(made))
    return str(made)
