// SPDX-License-Identifier: GPL-3.0-or-later
// A confusion matrix: rows what is known of the images (hidden truth, else the readers), columns the model's class;
// drawn, or as a table for who cannot see it.
#pragma once

#include <QStackedWidget>
#include <QStringList>

#include <vector>

class QTableWidget;

namespace foveate::ui {

struct Confusion {
    QStringList classes;
    std::vector<std::vector<int>> counts; ///< [known][said by the model]
    QString caption;                      ///< over which images
    bool empty() const { return counts.empty(); }
};

class ConfusionGrid : public QWidget {
    Q_OBJECT
public:
    explicit ConfusionGrid(QWidget* parent);
    void setConfusion(const Confusion& confusion);
    QSize minimumSizeHint() const override { return {240, 200}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Confusion m_confusion;
};

class ConfusionView : public QWidget {
    Q_OBJECT
public:
    explicit ConfusionView(QWidget* parent);
    void setConfusion(const Confusion& confusion, const QString& emptyText);
    void showTable(bool table);
    QTableWidget* table() const { return m_table; }

private:
    QStackedWidget* m_stack;
    ConfusionGrid* m_grid;
    QTableWidget* m_table;
    QWidget* m_empty;
    QWidget* m_caption;
    QWidget* m_switch;
    bool m_asTable = false;
};

} // namespace foveate::ui
