"""The names of d2l 1.0.3 that belong to chapters which are not graded here, so that asking for one says so."""

from __future__ import annotations

_CHAPTERS = {
    "9, on recurrent networks": "TimeMachine Vocab RNNScratch RNNLMScratch RNN RNNLM",
    "10, on modern recurrent networks": "GRU MTFraEng show_list_len_pair_hist Encoder Decoder EncoderDecoder "
    "init_seq2seq Seq2SeqEncoder Seq2Seq bleu",
    "11, on attention": "masked_softmax DotProductAttention AdditiveAttention AttentionDecoder MultiHeadAttention "
    "PositionalEncoding PositionWiseFFN AddNorm TransformerEncoderBlock TransformerEncoder",
    "12, on optimisation": "annotate train_2d show_trace_2d get_data_ch11 train_ch11 train_concise_ch11",
    "13, on computational performance": "Benchmark split_batch resnet18",
    "14, on computer vision": "train_batch_ch13 train_ch13 box_corner_to_center box_center_to_corner bbox_to_rect "
    "multibox_prior show_bboxes box_iou assign_anchor_to_bbox offset_boxes multibox_target offset_inverse nms "
    "multibox_detection read_data_bananas BananasDataset load_data_bananas read_voc_images VOC_COLORMAP VOC_CLASSES "
    "voc_colormap2label voc_label_indices voc_rand_crop VOCSegDataset load_data_voc read_csv_labels copyfile "
    "reorg_train_valid reorg_test",
    "15, on pretraining for language": "read_ptb subsample get_centers_and_contexts RandomGenerator get_negatives "
    "batchify load_data_ptb TokenEmbedding get_tokens_and_segments BERTEncoder MaskLM NextSentencePred BERTModel "
    "load_data_wiki",
    "16, on applications to language": "read_imdb load_data_imdb predict_sentiment read_snli SNLIDataset "
    "load_data_snli predict_snli",
    "17, on reinforcement learning": "frozen_lake make_env show_value_function_progress show_Q_function_progress",
    "18, on Gaussian processes": "rbfkernel distance_matrix",
    "19, on hyper-parameter optimisation": "HPOTrainer HPOSearcher RandomSearcher HPOScheduler BasicScheduler HPOTuner "
    "hpo_objective_lenet SuccessiveHalvingScheduler",
    "20, on generative adversarial networks": "update_D update_G",
    "10 of an earlier edition": "extract tokenize grad_clipping read_data_nmt preprocess_nmt tokenize_nmt truncate_pad "
    "build_array_nmt load_data_nmt sequence_mask MaskedSoftmaxCELoss train_seq2seq predict_seq2seq",
}
CHAPTER = {name: chapter for chapter, names in _CHAPTERS.items() for name in names.split()}


def refusal(name: str) -> str:
    """Why the grader's d2l has no such name, and what to do."""
    if name in CHAPTER:
        return (
            f"d2l.{name} belongs to chapter {CHAPTER[name]}: the grader's d2l has chapters 3 to 8. "
            f"Define {name} in the notebook to use it here"
        )
    return f"d2l has no {name}, neither as published (1.0.3) nor in the grader"
